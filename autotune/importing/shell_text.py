"""Shell text taken apart into simple commands, without running any of it.

The standard library's shlex forgets whether a `$` stood in single quotes, takes a `#` inside a word for a comment, and knows
neither here-documents nor commands that follow each other; all of them are common in the recipes of engines. So the words
are read here, by the rules of POSIX (Shell Command Language, 2.2 and 2.3); a test holds them against a real shell.

A variable that the text itself sets before is filled in; any other stays as it is written. What only running the text
could answer - a command substitution, an arithmetic - is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from autotune.importing.refuse import refuse, shorten

ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_BRACED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])(?:(:?[-=?])([^{}`]*))?")
#: A line that goes on. A shell takes a blank after the backslash for the end of the command; whoever pasted it did not.
_JOINED = re.compile(r"\\[ \t]*\n")
#: `<MODEL>` in a recipe is no redirection.
_BLANK_TO_FILL = re.compile(r"<[A-Za-z][\w .-]*>")
#: Longest text that is read; a command line of Linux is shorter than that.
LONGEST = 2**20
_BLANK = " \t\r"
#: Letters that mean themselves, taken at once; inside a word a `#` does too.
_PLAIN = re.compile(r"[^ \t\r\n\\'\"$`&|;<>()]+")
_PLAIN_IN_QUOTES = re.compile(r'[^"\\$`]+')
_OPERATORS = ("&&", "||", ";;", "<<<", "<<-", "<<", ">>", "<&", ">&", "&>>", "&>", "<>", ">|", ";", "&", "|", "<", ">", "(", ")", "\n")  # fmt: skip
_REDIRECTIONS = frozenset({"<<<", "<<-", "<<", ">>", "<&", ">&", "&>>", "&>", "<>", ">|", "<", ">"})
_SETTERS = frozenset({"export", "declare", "readonly", "typeset", "local"})


@dataclass(frozen=True, slots=True)
class Simple:
    """One simple command: its words, and its redirections as (operator, target or text of the here-document)."""

    words: tuple[str, ...]
    redirections: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ShellText:
    """The simple commands in order, and what a person should know of how they were read."""

    commands: tuple[Simple, ...]
    notes: tuple[str, ...] = ()


def read_shell(text: str, where: str) -> ShellText:
    """The simple commands of a text. Raises InputError (AT042) for what is not shell, or needs to be run to be known."""
    if len(text) > LONGEST:
        raise refuse(f"{len(text)} characters are no command line", where, "give the command alone, or a manifest")
    if "\0" in text:
        raise refuse("the text holds a NUL byte", where, "give text: a command, a script or a manifest")
    return _Reader(text.replace("\r\n", "\n"), where).read()


@dataclass(slots=True)
class _Reader:
    text: str
    where: str
    at: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    commands: list[Simple] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    redirections: list[tuple[str, str]] = field(default_factory=list)
    word: list[str] | None = None
    pending: str | None = None
    """A redirection whose target is not read yet."""
    documents: list[tuple[int, str, bool]] = field(default_factory=list)
    """Here-documents whose text follows after the line: place among the redirections, delimiter, tabs dropped."""
    literal: bool = False
    """Whether the word so far holds a quoted part."""

    def read(self) -> ShellText:
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter in _BLANK:
                self.end_word()
                self.at += 1
            elif letter == "#" and self.word is None:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif operator := self.operator():
                self.take_operator(operator)
            else:
                self.take_part(letter)
        self.end_command()
        if self.documents:
            raise self.wrong("a here-document without its text", "end it with its delimiter on a line of its own")
        return ShellText(tuple(self.commands), tuple(self.notes))

    def operator(self) -> str | None:
        return next((item for item in _OPERATORS if self.text.startswith(item, self.at)), None)

    def take_operator(self, operator: str) -> None:
        if operator == "<" and (blank := _BLANK_TO_FILL.match(self.text, self.at)):
            raise self.wrong(f"`{blank[0]}` stands for a value", "write the value in its place")
        self.at += len(operator)
        if operator in _REDIRECTIONS:
            # `2>&1`: the number before it belongs to the redirection.
            if self.word is not None and "".join(self.word).isdigit() and not self.literal:
                self.word = None
            self.end_word()
            self.pending = operator
            return
        self.end_command()
        if operator == "\n":
            self.take_documents()

    def take_part(self, letter: str) -> None:
        """One piece of a word: an escape, a quoted part, an expansion or letters."""
        if letter == "\\":
            if joined := _JOINED.match(self.text, self.at):
                if joined.end() - self.at > 2:
                    self.notes["a blank after the backslash that ends a line is read as if it were not there"] = None
                self.at = joined.end()
                return
            if self.at + 1 == len(self.text):
                raise self.wrong("the text ends in a backslash", "give the whole command: a line is missing")
            self.add(self.text[self.at + 1])
            self.literal = True
            self.at += 2
        elif letter == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise self.wrong("a single quote that is never closed", "close it; a quote inside is written '\\''")
            self.add(self.text[self.at + 1 : end])
            self.literal = True
            self.at = end + 1
        elif letter == '"':
            self.take_quoted()
        elif letter in "$`":
            self.take_expansion(quoted=False)
        else:
            self.take_plain(_PLAIN)

    def take_plain(self, letters: re.Pattern[str]) -> None:
        """The letter here, whatever it is, and those after it that mean themselves."""
        plain = letters.match(self.text, self.at + 1)
        end = self.at + 1 if plain is None else plain.end()
        self.add(self.text[self.at : end])
        self.at = end

    def take_quoted(self) -> None:
        """A part in double quotes: `$` and the backtick keep their meaning, a backslash before five letters."""
        start = self.at
        self.at += 1
        self.add("")
        self.literal = True
        while self.at < len(self.text):
            letter = self.text[self.at]
            if letter == '"':
                self.at += 1
                return
            if letter == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                self.add("" if self.text[self.at + 1] == "\n" else self.text[self.at + 1])
                self.at += 2
            elif letter in "$`":
                self.take_expansion(quoted=True)
            else:
                self.take_plain(_PLAIN_IN_QUOTES)
        self.at = start
        raise self.wrong("a double quote that is never closed", 'close it; a quote inside is written \\"')

    def take_expansion(self, *, quoted: bool) -> None:
        rest = self.text[self.at : self.at + 4096]
        if rest.startswith(("`", "$(")):
            what = shorten(rest.splitlines()[0])
            raise self.wrong(f"`{what}` is what another command prints", "write the value that it gives in its place")
        if rest.startswith(("$'", '$"')) and not quoted:
            raise self.wrong("bash's $'...' and $\"...\" quoting is not read", "write the value in plain quotes")
        if rest.startswith("${"):
            found = _BRACED.match(rest, 2)
            if found is None or not rest.startswith("}", found.end()):
                raise self.wrong(
                    f"`{shorten(rest.partition('}')[0])}}}` is not read", "write the value that it gives in its place"
                )
            name, operator, default, length = found[1], found[2], found[3], found.end() + 1
        else:
            plain = _NAME.match(rest, 1)
            if plain is None:
                self.add("$")
                self.at += 1
                return
            name, operator, default, length = plain[0], None, None, plain.end()
        self.at += length
        if name in self.variables:
            value = self.variables[name]
        elif operator is not None and operator.endswith(("-", "=")):
            value = default or ""
            self.notes[f"${name} is not set here: its default `{value}` is taken"] = None
        else:
            follows = self.text[self.at : self.at + 1]
            if rest.startswith("${") and (follows.isalnum() or follows == "_"):
                raise self.wrong(f"`${{{name}}}` has no value here", f"write its value, or set {name}=... before")
            value = f"${name}"
        self.add_value(value, quoted=quoted)

    def add_value(self, value: str, *, quoted: bool) -> None:
        """What a variable holds; outside quotes its blanks part words, as in a shell."""
        if quoted or ASSIGNMENT.fullmatch("".join(self.word or ())):
            self.add(value)
            return
        pieces = re.split(r"[ \t\n]+", value)
        for index, piece in enumerate(pieces):
            if index:
                self.end_word()
            if piece:
                self.add(piece)

    def add(self, text: str) -> None:
        if self.word is None:
            self.word = []
        self.word.append(text)

    def end_word(self) -> None:
        if self.word is None:
            return
        word = "".join(self.word)
        self.word = None
        if self.pending is None:
            self.words.append(word)
        elif self.pending in ("<<", "<<-"):
            self.documents.append((len(self.redirections), word, self.pending == "<<-"))
            self.redirections.append((self.pending, ""))
        else:
            self.redirections.append((self.pending, word))
        self.pending = None
        self.literal = False

    def end_command(self) -> None:
        self.end_word()
        if self.pending is not None:
            raise self.wrong(f"nothing stands after `{self.pending}`", "name a file, or drop the redirection")
        if not self.words and not self.redirections:
            return
        self.remember()
        self.commands.append(Simple(tuple(self.words), tuple(self.redirections)))
        self.words = []
        self.redirections = []

    def remember(self) -> None:
        """Variables that this command sets for those after it."""
        words = self.words[1:] if self.words and self.words[0] in _SETTERS else self.words
        assigned = [ASSIGNMENT.fullmatch(word) for word in words if not (words is not self.words and word[:1] == "-")]
        if all(assigned):
            self.variables |= {item[1]: item[2] for item in assigned if item is not None}

    def take_documents(self) -> None:
        """The texts of the here-documents that the line began; they belong to the last command of the line."""
        for place, delimiter, dropped in self.documents:
            lines: list[str] = []
            while True:
                if self.at >= len(self.text):
                    raise self.wrong(f"a here-document without its end `{shorten(delimiter)}`", "close it")
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = end + 1
                line = line.lstrip("\t") if dropped else line
                if line == delimiter:
                    break
                lines.append(f"{line}\n")
            owner = self.commands[-1]
            redirections = list(owner.redirections)
            redirections[place] = ("<<", "".join(lines))
            self.commands[-1] = Simple(owner.words, tuple(redirections))
        self.documents = []

    def wrong(self, message: str, advice: str) -> Exception:
        line = self.text.count("\n", 0, self.at) + 1 if "\n" in self.text else None
        return refuse(message, self.where, advice, line)
