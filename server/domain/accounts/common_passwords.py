"""Passwords that are long enough for the rule and still among the first that anybody tries.

Two kinds: a list, in lower case; and what is put together from the most common pieces alone, the way people make twelve characters of six:
`Password2026!`, `qwerty123456`, `letmeinletmein`, `$unsh1ne1234`. Both are our own, from what is commonly known to be common.
"""

import re
from typing import Final

COMMON_PASSWORDS: Final = frozenset(
    """
    000000000000 111111111111 121212121212 123123123123 123412341234 123456123456 123456781234 123456789000
    1234567890000 123456789012 1234567890123 12345678901234 123456789012345 1234567890123456 0123456789ab
    0987654321098 1234567890ab 123456789abc 123456789abcd 123456789qwe 1234567890qwe 1234567890qwertyuiop
    1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc abc123abc123
    abcd1234abcd abcdefghijkl abcdefghijklm abcdefghijklmnopqrstuvwxyz abcdef123456 admin1234567 admin12345678
    adminadminadmin administrator administrator1 asdfghjkl123 asdfghjkl1234 asdfasdfasdf changeme1234
    changemechangeme changemenow123 default12345 defaultpassword football1234 helloworld12 helloworld123
    helloworld1234 iloveyou1234 iloveyouforever iloveyouiloveyou letmein12345 letmein123456 letmeinletmein
    letmeinplease llmtuner1234 monkey123456 mypassword12 mypassword123 mypassword1234 newpassword1 newpassword12
    newpassword123 p@ssw0rd1234 p@ssword1234 passw0rd1234 password0000 password1111 password1234 password12345
    password123456 password1234567 password12345678 password123456789 password2024 password2025 password2026
    password2027 password@123 password@1234 passwordpassword passwordpassword1 princess1234 q1w2e3r4t5y6
    q1w2e3r4t5y6u7 qazwsxedcrfv qazwsxedc123 qwerty123456 qwerty1234567 qwerty12345678 qwertyqwerty qwertyuiop12
    qwertyuiop123 qwertyuiop1234 qwertyuiop[] qwertyuiopas qwertyuiopasdf qwertyuiopasdfghjkl
    qwertyuiopasdfghjklzxcvbnm sunshine1234 superman1234 test12345678 testpassword testpassword1 testpassword123
    testtesttest trustno11234 welcome12345 welcome123456 welcomewelcome zaq12wsxcde3 zxcvbnm12345 zxcvbnm123456
    zxcvbnmasdfghjkl
    """.split()  # noqa: SIM905 - a block of words is easier to read and to add to than a list of strings
)

# Words that passwords are most often made of, names and games among them; with the letters of "leet" put back.
_WORDS: Final = frozenset(
    """
    abc access account admin administrator adobe alexander america amanda andrea andrew angel anthony apple arsenal asdf asdfgh asdfghjkl
    ashley asshole austin azerty baby babygirl bailey banana barcelona baseball basketball batman beautiful bonjour brandon butterfly
    buster butthead change changeme charlie cheese chelsea chicken chocolate computer cookie corvette cowboy dallas daniel danielle dragon
    eminem family ferrari flower football forever freedom friends fuckme fuckyou gemini george ginger google guest guitar hallo hannah
    harley heather hello hockey hottie hunter iceman iloveyou india internet jasmine jasper jennifer jessica jesus jordan joseph joshua
    justin killer kitten letmein liverpool login london lovely loveme loveyou maggie manager marina market martin master matrix matthew
    maverick melissa mercedes merlin michael michelle midnight monkey monster mother mustang mypass naruto ncc nicole ninja number orange
    pass passwd password passwort patrick peanut pepper phoenix please pokemon princess private purple qazwsx qwer qwert qwerty qwertyuiop
    qwertz rainbow ranger rangers richard robert root samantha samsung scooter secret security server service shadow silver slipknot
    snoopy soccer sophie spider spiderman spring starwars steelers sterling student summer autumn winter sunshine superman superstar
    support system taylor teacher tennis test testing thomas thunder tigger tinkerbell trustno twilight user vanessa victoria welcome
    whatever william xbox yankees yellow zaq zxcv zxcvbn zxcvbnm llmtuner my the new
    """.split()  # noqa: SIM905 - as above
)
_MAX_WORDS: Final = 2
# Nobody's first guess is longer.
_MAX_CHARACTERS: Final = 40
_LEET: Final = str.maketrans("@4301!5$7", "aaeoiisst")
_ROWS: Final = ("01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t6y7u8i9o0p")
_FILLING: Final = re.compile(r"(19|20)\d\d|(.{1,4})\2{2,}|[ -/:-@\[-`{-~]{1,2}")
_TAIL: Final = re.compile(r"[ -@\[-`{-~]{0,2}")


def is_common(password: str) -> bool:
    """Whether this is on the list, is one thing again and again, or is made of at most two common words and the usual fillings."""
    text = password.casefold()
    if text in COMMON_PASSWORDS or len(set(text)) <= 2 or _is_one_thing_again(text):
        return True
    return len(text) <= _MAX_CHARACTERS and any(map(str.isalnum, text)) and _is_made_of_common_pieces(text)


def _is_one_thing_again(text: str) -> bool:
    """`abcabcabcabc`, also when it breaks off in the middle of a round."""
    return any(text == (text[:length] * len(text))[: len(text)] for length in range(1, len(text) // 3 + 1))


def _is_made_of_common_pieces(text: str) -> bool:
    """Walks along; `words[i]` are the different words that the first i characters are made of, as few as possible."""
    words: dict[int, frozenset[str]] = {0: frozenset()}
    for start in range(len(text)):
        used = words.get(start)
        if used is None:
            continue
        if _TAIL.fullmatch(text, start):
            return True
        for end in range(start + 1, len(text) + 1):
            piece = text[start:end]
            word = piece if piece in _WORDS else piece.translate(_LEET)
            found = used | {word} if word in _WORDS else used if _is_filling(piece) else None
            if found is not None and len(found) <= _MAX_WORDS and (end not in words or len(found) < len(words[end])):
                words[end] = found
    return len(text) in words


def _is_filling(piece: str) -> bool:
    """A run along the keyboard or the alphabet, a year, one thing three times, a mark or two."""
    if len(piece) >= 3 and any(piece in row for row in _ROWS):
        return True
    return bool(_FILLING.fullmatch(piece))
