"""Passwords that are long enough for the rule and still among the first that anybody tries, in lower case."""

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
