#!/bin/sh
# SPDX-License-Identifier: MIT
# storm.sh - kill -9 at random moments of start, training, evaluation, checkpoint, snapshot and the end, while somebody
# opens every .h5 all the time, as TAP: no opening fails, nothing that was acknowledged is lost, and each store ends with
# the bits of one that nobody disturbed.
#     TB_KILLS   how many (default 200)      TB_SEED   of the moments (default 1)
#     TB_LOG     where a line a kill goes (default storm.log in the folder it is started in)
log=${TB_LOG:-$PWD/storm.log}
reader=${TB_READER:-$PWD/tests/bin/reader}
. "${srcdir:-.}/tests/crash/common.sh"
[ -x "$reader" ] || skip_all "there is no $reader"
kills=${TB_KILLS:-200}
seed=${TB_SEED:-1}
recipe storm 120 0.05 't.one_of {
    t.stack { t.lora { r = 4, dropout = 0.1 }, t.prefix { tokens = 4 } },
    t.full {},
  }'
sed -i 's/every = t.steps(40)/every = t.steps(10)/' "$dir/storm.lua"
"$bench" run "$dir/storm.lua" --store "$dir/whole" >/dev/null 2>"$dir/err"
want=$(hashes "$dir/whole")
is "$(echo "$want" | grep -c ' done [0-9a-f]\{64\}$')" 2 "both runs end"

# moment NUMBER: milliseconds below 500, the same for the same seed.
moment() { awk -v s="$seed" -v n="$1" 'BEGIN { srand(s * 100003 + n); rand(); printf "%.3f", rand() / 2 }'; }
# Where a store stands, in a word or two a run.
stands() { facts "$1" '.state + "@" + (.step | tostring)' 2>/dev/null | tr '\n' ' '; }
# Rows, evaluations and events of each run.
counts() {
    for id in $(facts "$1" .id 2>/dev/null); do
        "$bench" show "$id" --json --store "$1" | jq -r '(.train.step | length), (.evals | length), (.events | length)'
    done | tr '\n' ' '
}
# not_less BEFORE AFTER: none of these numbers.
not_less() { echo "$1/$2" | awk -F/ '{ n = split($1, a, " "); split($2, b, " "); for (i = 1; i <= n; i++) if (b[i] < a[i]) exit 1 }'; }

mkfifo "$dir/end"
mkdir "$dir/stores"
"$reader" "$dir/stores" <"$dir/end" >"$dir/read" 2>"$dir/unread" &
reading=$!
exec 9>"$dir/end"
cleanup() { kill -9 $reading 2>/dev/null; }

: >"$log"
killed=0
round=0
store=$dir/stores/1
n_stores=1
: >"$dir/lost"
: >"$dir/ended"
while [ "$killed" -lt "$kills" ] && [ "$round" -lt $((kills * 4)) ]; do
    round=$((round + 1))
    "$bench" run "$dir/storm.lua" --store "$store" >"$dir/out" 2>"$dir/err" 9>&- &
    pid=$!
    case $((round % 5)) in
    0) phase=start ;;
    1) phase=end && says "100 %" 20 ;;
    *) phase=training && says trainable ;;
    esac
    wait=$(moment $round)
    [ $phase != end ] || wait=$(echo "$wait" | awk '{ printf "%.3f", $1 / 10 }')
    sleep "$wait"
    seen=$(grep -o 'step [0-9]*' "$dir/err" | tail -1)
    kill -9 $pid 2>/dev/null
    finish
    [ "$code" = 137 ] && killed=$((killed + 1))
    now=$(counts "$store")
    not_less "$before" "$now" || echo "$round: $before -> $now" >>"$dir/lost"
    before=$now
    echo "$round: $wait s into $phase, exit $code, last said: ${seen:-nothing}; stands: $(stands "$store")" >>"$log"
    if [ "$(hashes "$store" 2>/dev/null | grep -c ' done ')" = 2 ]; then
        hashes "$store" >>"$dir/ended"
        n_stores=$((n_stores + 1))
        store=$dir/stores/$n_stores
        before=
    fi
done
"$bench" run "$dir/storm.lua" --store "$store" >"$dir/out" 2>"$dir/err" 9>&-
hashes "$store" >>"$dir/ended"
exec 9>&-
wait $reading
echo "# $killed kills, $n_stores stores; $(cat "$dir/read"); log: $log"
cat "$dir/read" >>"$log"
[ "$killed" -ge "$kills" ]
result $? "$killed kills"
is "$(cat "$dir/unread")" "" "every .h5 could be opened at every moment"
is "$(cat "$dir/lost")" "" "no row that was there is gone"
is "$(sort -u "$dir/ended")" "$want" "every store ends with the same bits"
for s in "$dir"/stores/*; do
    "$bench" ls --json --store "$s" | jq -r '.[].id' | while read -r id; do
        "$bench" show "$id" --json --store "$s" | jq -r '.events[] | select(.kind == "replay") | .text'
    done
done >"$dir/replay"
is "$(cat "$dir/replay")" "" "no step that was repeated had another loss"
is "$(find "$dir"/stores/*/runs/[0-9a-f]* -name '*.tmp-*' -o -name 'journal.*')" "" "nothing half-made is left in a run"
echo "1..$n"
