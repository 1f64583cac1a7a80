"""The small functions a coding task may ask for: how each is described, written well, written almost well, and tested.

`described`, `good` and `slip` are what a programmer knows; `reference` is the examiner's own version, from which the
expected results of the cases come. `{k}` stands for the task's own number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import accumulate, groupby
from typing import Any

from msgspec import Struct


class Spec(Struct, frozen=True, kw_only=True):
    """One function."""

    names: tuple[str, ...]
    args: str
    described: str
    """What it does, after `that` or `it`."""
    difficulty: int
    good: str
    """The function's body."""
    slip: tuple[str, str]
    """Replacing the first by the second makes the body wrong in at least one case."""
    reference: Callable[..., Any]
    """Takes the arguments, then `k` where the description has one."""
    cases: tuple[tuple[Any, ...], ...]
    ks: tuple[int, ...] = ()


def _edit_distance(a: str, b: str) -> int:
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            swap = table[i - 1][j - 1] + (a[i - 1] != b[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, swap)
    return table[-1][-1]


def _longest_rise(values: list[int]) -> int:
    lengths: list[int] = []
    for i, value in enumerate(values):
        lengths.append(1 + max((lengths[j] for j in range(i) if values[j] < value), default=0))
    return max(lengths, default=0)


def _fewest_coins(amount: int, coins: list[int]) -> int:
    reached = {0}
    for count in range(amount + 1):
        if amount in reached:
            return count
        reached = {total + coin for total in reached for coin in coins if total + coin <= amount}
    return -1


def _balanced(text: str) -> bool:
    brackets = "".join(sign for sign in text if sign in "()[]")
    while "()" in brackets or "[]" in brackets:
        brackets = brackets.replace("()", "").replace("[]", "")
    return not brackets


def _flat(values: list[Any]) -> list[Any]:
    return [leaf for value in values for leaf in (_flat(value) if isinstance(value, list) else [value])]


SPECS: tuple[Spec, ...] = (
    Spec(
        names=("sum_divisible", "total_of_multiples"),
        args="values",
        described="returns the sum of the numbers in the list that are divisible by {k}",
        difficulty=2,
        good="return sum(value for value in values if value % {k} == 0)",
        slip=("== 0", "!= 0"),
        reference=lambda values, k: sum(v for v in values if not v % k),
        cases=(([3, 4, 5, 6, 10, 15],), ([],), ([7, 14, 21, 22],)),
        ks=(2, 3, 5, 7),
    ),
    Spec(
        names=("count_above", "how_many_above"),
        args="values",
        described="returns how many numbers in the list are greater than {k}",
        difficulty=1,
        good="return sum(value > {k} for value in values)",
        slip=(">", ">="),
        reference=lambda values, k: len([v for v in values if v > k]),
        cases=(([1, 5, 9, 10, 11, 12, 20, 25, 30],), ([],), ([10, 12, 20, 25],)),
        ks=(10, 12, 20, 25),
    ),
    Spec(
        names=("clamp_low", "at_least"),
        args="value",
        described="returns the number itself, but never less than {k}",
        difficulty=1,
        good="return max(value, {k})",
        slip=("max", "min"),
        reference=lambda value, k: value if value > k else k,
        cases=((-3,), (0,), (4,), (99,)),
        ks=(0, 1, 3, 5),
    ),
    Spec(
        names=("reverse_words", "backwards"),
        args="text",
        described="returns the words of the text in reverse order, joined by single spaces",
        difficulty=2,
        good='return " ".join(reversed(text.split()))',
        slip=("reversed(text.split())", "text[::-1].split()"),
        reference=lambda text: " ".join(text.split()[::-1]),
        cases=(("one two three",), ("",), ("  spaced   out ",)),
    ),
    Spec(
        names=("count_vowels", "vowels_in"),
        args="text",
        described="returns the number of vowels (a, e, i, o, u) in the text, ignoring case",
        difficulty=2,
        good='return sum(letter in "aeiou" for letter in text.lower())',
        slip=("text.lower()", "text"),
        reference=lambda text: sum(text.lower().count(v) for v in "aeiou"),
        cases=(("Ticket",), ("AEIOU and aeiou",), ("",)),
    ),
    Spec(
        names=("unique", "without_duplicates"),
        args="items",
        described="returns the items without duplicates, in the order of their first appearance",
        difficulty=3,
        good="return list(dict.fromkeys(items))",
        slip=("list(dict.fromkeys(items))", "sorted(set(items))"),
        reference=lambda items: [item for i, item in enumerate(items) if item not in items[:i]],
        cases=(([3, 1, 3, 2, 1],), ([],), ([9, 9, 4],)),
    ),
    Spec(
        names=("chunks", "in_groups"),
        args="items",
        described="returns the items cut into lists of {k}, the last one possibly shorter",
        difficulty=3,
        good="return [items[i : i + {k}] for i in range(0, len(items), {k})]",
        slip=("len(items), {k}", "len(items) - {k} + 1, {k}"),
        reference=lambda items, k: [items[i * k : i * k + k] for i in range(-(-len(items) // k))],
        cases=(([1, 2, 3, 4, 5, 6, 7],), ([],), ([1],)),
        ks=(2, 3, 4, 5),
    ),
    Spec(
        names=("nth_largest", "ranked"),
        args="values",
        described="returns number {k} from the top among the distinct values, or None if there are too few",
        difficulty=4,
        good="""
            ranking = sorted(set(values), reverse=True)
            return ranking[{k} - 1] if len(ranking) >= {k} else None
        """,
        slip=("set(values)", "values"),
        reference=lambda values, k: (sorted({*values})[::-1] + [None] * k)[k - 1],
        cases=(([5, 5, 4, 3, 2],), ([1],), ([9, 8, 8, 8, 7, 6, 5],), ([7, 7, 7, 7, 7, 7],)),
        ks=(2, 3, 4),
    ),
    Spec(
        names=("running_totals", "cumulative"),
        args="values",
        described="returns the list of running totals",
        difficulty=3,
        good="""
            totals = []
            total = 0
            for value in values:
                total += value
                totals.append(total)
            return totals
        """,
        slip=("totals.append(total)", "totals.append(total - value)"),
        reference=lambda values: list(accumulate(values)),
        cases=(([1, 2, 3],), ([],), ([5, -5, 10],)),
    ),
    Spec(
        names=("is_palindrome", "reads_both_ways"),
        args="text",
        described="returns whether the text reads the same in both directions, ignoring case and spaces",
        difficulty=3,
        good="""
            letters = text.lower().replace(" ", "")
            return letters == letters[::-1]
        """,
        slip=(".lower()", ""),
        reference=lambda text: (
            [c for c in text.casefold() if c != " "] == [c for c in text.casefold()[::-1] if c != " "]
        ),
        cases=(("Never odd or even",), ("ticket",), ("",), ("Anna",)),
    ),
    Spec(
        names=("most_common", "favourite"),
        args="items",
        described="returns the most frequent item, of equally frequent ones the one that appears first",
        difficulty=5,
        good="return max(dict.fromkeys(items), key=items.count)",
        slip=("dict.fromkeys(items)", "reversed(items)"),
        reference=lambda items: Counter(items).most_common(1)[0][0],
        cases=((["b", "a", "b", "a"],), (["x"],), ([1, 2, 2, 3, 3],)),
    ),
    Spec(
        names=("common_prefix", "shared_start"),
        args="words",
        described="returns the longest prefix that all words of the list share",
        difficulty=5,
        good="""
            prefix = words[0] if words else ""
            for word in words:
                while not word.startswith(prefix):
                    prefix = prefix[:-1]
            return prefix
        """,
        slip=("prefix[:-1]", "prefix[:-2]"),
        reference=lambda words: (
            next((words[0][:n] for n in range(len(words[0]), -1, -1) if all(w[:n] == words[0][:n] for w in words)), "")
            if words
            else ""
        ),
        cases=((["ticket", "ticker", "tickle"],), (["a", "b"],), ([],), (["router", "routed"],)),
    ),
    Spec(
        names=("flatten", "all_leaves"),
        args="items",
        described="returns the elements of a list nested to any depth as one flat list",
        difficulty=6,
        good="""
            flat = []
            for item in items:
                flat.extend({name}(item) if isinstance(item, list) else [item])
            return flat
        """,
        slip=("{name}(item)", "item"),
        reference=_flat,
        cases=(([1, [2, [3, [4]]]],), ([],), ([[1], 2],)),
    ),
    Spec(
        names=("run_lengths", "squeeze"),
        args="text",
        described="returns the run-length encoding of the text, such as a3b2 for aaabb",
        difficulty=6,
        good="""
            encoded = ""
            count = 0
            for i, letter in enumerate(text):
                count += 1
                if i + 1 == len(text) or text[i + 1] != letter:
                    encoded += letter + str(count)
                    count = 0
            return encoded
        """,
        slip=("i + 1 == len(text) or text[i + 1] != letter", "i + 1 < len(text) and text[i + 1] != letter"),
        reference=lambda text: "".join(f"{c}{len(list(run))}" for c, run in groupby(text)),
        cases=(("aaabb",), ("",), ("abc",), ("zzzz",)),
    ),
    Spec(
        names=("is_balanced", "brackets_match"),
        args="text",
        described="returns whether the round and square brackets in the text are balanced and properly nested",
        difficulty=7,
        good="""
            pairs = {{")": "(", "]": "["}}
            stack = []
            for sign in text:
                if sign in "([":
                    stack.append(sign)
                elif sign in pairs and (not stack or stack.pop() != pairs[sign]):
                    return False
            return not stack
        """,
        slip=("return not stack", "return True"),
        reference=_balanced,
        cases=(("(a[b]c)",), ("([)]",), ("((",), ("",), (")",)),
    ),
    Spec(
        names=("fewest_coins", "min_coins"),
        args="amount, coins",
        described="returns the smallest number of coins that add up to the amount, or -1 if no combination does",
        difficulty=8,
        good="""
            best = [0] + [None] * amount
            for total in range(1, amount + 1):
                options = [best[total - coin] for coin in coins if coin <= total]
                options = [option for option in options if option is not None]
                best[total] = min(options) + 1 if options else None
            return -1 if best[amount] is None else best[amount]
        """,
        slip=("min(options)", "max(options)"),
        reference=_fewest_coins,
        cases=((6, [1, 3, 4]), (0, [2]), (7, [2, 4]), (11, [1, 2, 5])),
    ),
    Spec(
        names=("longest_rise", "longest_increase"),
        args="values",
        described="returns the length of the longest strictly increasing subsequence",
        difficulty=9,
        good="""
            lengths = []
            for i, value in enumerate(values):
                before = [lengths[j] for j in range(i) if values[j] < value]
                lengths.append(1 + max(before, default=0))
            return max(lengths, default=0)
        """,
        slip=("values[j] < value", "values[j] <= value"),
        reference=_longest_rise,
        cases=(([3, 1, 4, 1, 5],), ([2, 2, 2],), ([],), ([10, 9, 2, 5, 3, 7],)),
    ),
    Spec(
        names=("edit_distance", "changes_between"),
        args="first, second",
        described="returns the smallest number of letters to insert, delete or replace to turn one word into the other",
        difficulty=10,
        good="""
            row = list(range(len(second) + 1))
            for i, a in enumerate(first, 1):
                previous, row = row, [i]
                for j, b in enumerate(second, 1):
                    change = previous[j - 1] + (a != b)
                    row.append(min(previous[j] + 1, row[-1] + 1, change))
            return row[-1]
        """,
        slip=("(a != b)", "2 * (a != b)"),
        reference=_edit_distance,
        cases=(("kitten", "sitting"), ("", "abc"), ("same", "same"), ("cart", "bart")),
    ),
)
