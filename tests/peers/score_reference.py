#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""score_reference.py - reference values of BLEU, chrF, chrF++ and ROUGE for tests/unit/score_score_test.c.

usage: score_reference.py > tests/golden/score.json     (sacrebleu 2.6, rouge-score 0.1; never run by make check)

Sets of rows {output, references}; of each set the corpus values, of each row its own. Besides the sets written by hand
there are random ones of few words and signs, so that n-grams repeat and the tokenizer's rules meet each other.
"""
import json, random
from sacrebleu.metrics import BLEU, CHRF
from rouge_score.rouge_scorer import RougeScorer

HAND = {
    "plain": [
        ("the cat sat on the mat", ["the cat sat on the mat"]),
        ("the cat sat on a mat today", ["the cat is on the mat", "there is a cat on the mat"]),
        ("It is a guide to action which ensures that the military always obeys the commands of the party.",
         ["It is a guide to action that ensures that the military will forever heed Party commands.",
          "It is the guiding principle which guarantees the military forces always being under the command of the "
          "Party.",
          "It is the practical guide for the army always to heed the directions of the party."]),
        ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ],
    "empty output": [
        ("", ["something is here"]),
        ("   ", ["x"]),
        ("a full row to go with it", ["a full row goes with it"]),
    ],
    "all empty": [
        ("", [""]),
        (" \n ", ["\t"]),
    ],
    "empty reference": [
        ("some words that nobody asked for", [""]),
        ("and a second row of words", ["and a second row"]),
    ],
    "no match": [
        ("alpha beta gamma delta epsilon", ["one two three four five"]),
    ],
    "short": [
        ("one", ["one"]),
        ("one two", ["one two"]),
        ("a b c", ["a b d"]),
        ("x", ["y"]),
    ],
    "one word": [
        ("yes", ["yes"]),
    ],
    "numbers": [
        ("It costs 1,234.50 dollars.", ["It costs 1,234.50 dollars."]),
        ("1,2,3 .5 5. 3-4 -7 a-1 1-a", ["1,2 ,3 0.5 5 . 3 - 4"]),
        ("In 1999, 3.5% of 12,000.", ["In 1999 , 3.5 % of 12,000 ."]),
        ("10-15 10--15 9-.", ["10 - 15 10 - - 15 9 - ."]),
    ],
    "points": [
        ("a...b", ["a . . . b"]),
        ("..,,..", [". . , , . ."]),
        ("a.,b", ["a . , b"]),
        (".1.a.1a.,1,", [". 1 . a . 1a"]),
        ("Mr. Smith, Jr., lives.", ["Mr. Smith , Jr. , lives ."]),
        ("é.é,é 1.é", ["é . é , é 1 . é"]),
    ],
    "signs": [
        ("He said: \"it's (well-known) & [so] {on}\"", ["He said : \" it's ( well-known ) & [ so ] { on } \""]),
        ("a/b c\\d e^f g_h i`j k|l m~n o@p q#r s$t u%v w*x y+z", ["a / b c \\ d e ^ f"]),
        ("<skipped>text &amp;lt; &quot;x&quot; &lt;b&gt; A&B", ["text &lt; \"x\" <b> A & B"]),
        ("line-\nbreak and\nanother -\n", ["linebreak and another"]),
        ("tab\tand\rreturn\u000bother\u001cone", ["tab and return other one"]),
    ],
    "unicode": [
        ("Das Café «Zürich» öffnet um 9 Uhr – täglich.", ["Das Café «Zürich» hat ab 9 Uhr offen – täglich."]),
        ("Привет, мир! Как дела?", ["Привет мир, как дела?"]),
        ("東京は日本の首都です。", ["東京は日本の首都である。"]),
        ("İstanbul 3 K and Kelvin ſtrange ﬁne", ["istanbul 3 k and kelvin strange fine"]),
        ("nbsp\u00a0here\u2003em\u3000wide\u200bzero\u0085nel", ["nbsp here em wide zero nel"]),
        ("🙂🙃 emoji 🙂 e\u0301 é", ["🙂 emoji 🙂🙃 é e\u0301"]),
    ],
    "chrf words": [
        ("(hi) \"quoted\" don't ... a. .b -x- ! !!", ["(hi), \"quoted\" do not ... a . .b -x - !!"]),
        ("e.g. this, that; (these) those.", ["e.g. that, this; (those) these."]),
    ],
    "two and one": [
        ("A cheap pub near the river.", ["A cheap pub near the river.", "Near the river is a cheap pub."]),
        ("It is not family-friendly.", ["It is not family-friendly.", "It is not family-friendly."]),
    ],
    "same length": [
        ("a b c d e", ["a b c d", "a b c d e f"]),
        ("a b c d e f g", ["a b c d e", "a b c d e f g h i"]),
    ],
}


def random_sets(n):
    r = random.Random(5)
    words = ["the", "The", "a", "pub", "pub's", "1", "2,5", "3.", ".", ",", "-", "well-known", "£20", "é", "(x)", "&amp;",
             "x.y", "9-", "\u00a0"]

    def text():
        return "".join(r.choice(words) + r.choice(["", " ", " ", " ", "  "]) for _ in range(r.randrange(0, 25)))

    for i in range(n):
        n_refs = 1 + i % 4
        yield f"random {i}", [(text(), [text() for _ in range(n_refs)]) for _ in range(4)]


def values(name, rows):
    bleu, sentence, chrf, chrfpp = BLEU(), BLEU(effective_order=True), CHRF(), CHRF(word_order=2)
    rouge = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    outputs, most = [o for o, _ in rows], max(len(refs) for _, refs in rows)
    refs = [[r[k] if k < len(r) else None for _, r in rows] for k in range(most)]
    corpus = {"bleu": bleu.corpus_score(outputs, refs).score, "chrf": chrf.corpus_score(outputs, refs).score,
              "chrfpp": chrfpp.corpus_score(outputs, refs).score}
    out = []
    for o, rs in rows:
        row = {"bleu": sentence.sentence_score(o, rs).score, "chrf": chrf.sentence_score(o, rs).score,
               "chrfpp": chrfpp.sentence_score(o, rs).score}
        row |= {k: v.fmeasure for k, v in rouge.score_multi(rs, o).items()}
        out.append({"output": o, "references": rs, "values": row})
    for k in ("rouge1", "rouge2", "rougeL"):
        corpus[k] = sum(row["values"][k] for row in out) / len(out)
    return {"name": name, "values": corpus, "rows": out}


def main():
    sets = [values(name, rows) for name, rows in list(HAND.items()) + list(random_sets(24))]
    print("[" + ",\n".join(json.dumps(s, ensure_ascii=False) for s in sets) + "]")


if __name__ == "__main__":
    main()
