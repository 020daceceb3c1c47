#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch.sh WORK - downloads the four Debian packages that the corpus is made of and unpacks them
# into WORK/raw. Nothing is installed, nothing is written into the source tree. Debian 12 has
# r-cran-janeaustenr 1.0.0-1, sword-text-web 426.0-1, wordnet-base 1:3.0-37, dict-devil 1.0-13.1;
# other versions may give another text (checks.lua says so).
set -eu
[ $# = 1 ] || { echo "usage: fetch.sh WORK" >&2; exit 2; }
mkdir -p "$1/debs" "$1/raw"
work=$(cd "$1" && pwd)
cd "$work/debs"
for p in r-cran-janeaustenr sword-text-web wordnet-base dict-devil; do
    set -- "$p"_*.deb
    [ -e "$1" ] || apt-get download "$p"
    for deb in "$p"_*.deb; do
        dpkg-deb -x "$deb" "$work/raw"
    done
done
