"""Titles of many languages: the order of people, and what they search for."""

import unicodedata

ORDERED_TITLES = [
    "***",
    *("£5", "€5", "🎉 Party", "😀"),
    *("1", "007", "7 eggs", "٩", "10", "1000", "99999999999999999999", "100000000000000000000"),
    *("Å", "Ærø", "Ampère", "Ängste", "Apfel", "Ärger", "Straße 2", "strasse 10", "Task 2", "task 2 b", "TASK 10"),
    *("Task 10.9", "Task 10.10", "Task A", "Zebra"),
    *("αβγ", "Ωμέγα"),
    *("Гора", "Ґанок", "Дім", "Еда", "Ёж", "Ель", "Жук", "Ива", "Ишак", "Іскра", "Йод", "Кіт", "Яма"),
    *("אבא", "שָׁלוֹם"),
    *("بابا", "پدر", "تاب", "چای", "يد"),
    *("कमल", "कामना", "खाना"),
    *("กา", "เก็บ", "ขา"),
    *("あ", "アイ", "いえ"),
    *("买牛奶", "明日"),
    *("가방", "한국"),
]
"""Titles in the order in which people sort them; no two are equal in it."""

SEARCHES = {
    "买牛奶和面包": ["面包", "牛奶和", "买 面包", '"牛奶"'],
    "明日牛乳を買う": ["牛乳", "買う", "明日 牛乳"],
    "strawberry jam": ["berry", "RAWBER", '"jam"', "jam -milk"],
    "Đà Nẵng": ["da nang", "đà nẵng", "ĐÀ", "NANG"],
    "Łódź": ["lodz", "ŁÓDŹ", "odz"],
    "Smørrebrød": ["smorrebrod", "SMØRREBRØD", "rebrod"],
    "Straße": ["strasse", "STRASSE", "straße", "rass"],
    "İstanbul ığdır": ["istanbul", "igdir", "IĞDIR"],
    "Ærø œuvre þing": ["aero", "oeuvre", "ŒUVRE", "thing"],
    "Купить Молоко ёлку": ["молоко", "МОЛОКО", "олок", "елку"],
    "п'ять яблук": ["п’ять", "пʼять", "ЯБЛУК"],
    "Ωμέγα ὁδός": ["ωμεγα", "ΩΜΈΓΑ", "ΟΔΟΣ"],
    "שָׁלוֹם עוֹלָם": ["שלום", "עולם", "שָׁלוֹם"],
    "السَّلَامُ عَلَيْكُمْ": ["السلام", "عليكم", "سلام"],
    "کتاب می‌خواهم": ["كتاب", "کتاب", "میخواهم"],
    "हिन्दी में काम": ["हिन्दी", "काम", "न्दी"],
    "เรียนภาษาไทย": ["ภาษา", "ไทย", '"ภาษา"'],
    "한국어 공부": ["한국", "국어", "공부"],
    "プール に行く": ["ぷーる", "ﾌﾟｰﾙ", "行く"],
    "Շուն եւ կատու": ["շուն", "ԿԱՏՈՒ"],
    "ქართული": ["ართულ", "ᲥᲐᲠᲗᲣᲚᲘ"],
    "Ｆｕｌｌ ｗｉｄｔｈ ٣٤": ["full", "WIDTH", "34"],
}
"""Titles, and searches each of which finds its title only."""

LATIN_BLOCKS = {
    "Latin-1 Supplement": range(0xC0, 0x100),
    "Latin Extended-A": range(0x100, 0x180),
    "Latin Extended-B": range(0x180, 0x250),
    "Latin Extended Additional": range(0x1E00, 0x1F00),
}


def letters(block: str) -> list[str]:
    """Return the letters of a block of Unicode."""
    return [each for each in map(chr, LATIN_BLOCKS[block]) if unicodedata.category(each).startswith("L")]
