"""Prompts of about a given number of tokens, without a tokenizer."""

from __future__ import annotations

from random import Random

# Common short English words; after a space most tokenizers of language models have each as one token.
_WORDS = (  # noqa: SIM905 - a list of 180 quoted words is no easier to read
    "the of and to in is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its "
    "about than into them can only other time new some could these two may first then do any like my now over such "
    "our man me even most made after also did many off before must well back through years much where your way down "
    "should because long each just state those people too still how own work use life day get here between both under "
    "high world year great same part old water house room city place home hand side small large group point school "
    "country house number night public light open river table paper music field story money road power order"
).split()

_LEAD = 12


class PromptSource:
    """An endless row of prompts, the same for the same seed and different from the first words on.

    Prompts that began alike would be served from the prefix cache, and prefill would look faster than it is.
    """

    def __init__(self, seed: str, longest_words: int) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret
        self._pool = self._random.choices(_WORDS, k=2 * longest_words + 4096)

    def prompt(self, words: int) -> str:
        """A text of `words` words (at least one)."""
        lead = self._random.choices(_WORDS, k=min(words, _LEAD))
        rest = max(words - _LEAD, 0)
        offset = self._random.randrange(len(self._pool) - rest)
        return " ".join(lead + self._pool[offset : offset + rest])
