"""The fixed words of messages in three languages. A native reader should look through the Kazakh before a release."""

from typing import Final

LEVELS: Final = {
    "seen": {"en": "seen by one source", "ru": "сообщает один источник", "kk": "бір дереккөз хабарлайды"},
    "corroborated": {"en": "corroborated by independent sources", "ru": "подтверждают независимые источники", "kk": "тәуелсіз дереккөздер растайды"},
    "confirmed": {"en": "confirmed", "ru": "подтверждено", "kk": "расталды"},
}  # fmt: skip
SEVERITIES: Final = {
    "info": {"en": "for information", "ru": "к сведению", "kk": "мәлімет үшін"},
    "low": {"en": "low", "ru": "низкая важность", "kk": "маңызы төмен"},
    "medium": {"en": "medium", "ru": "средняя важность", "kk": "маңызы орташа"},
    "high": {"en": "HIGH", "ru": "ВЫСОКАЯ важность", "kk": "маңызы ЖОҒАРЫ"},
    "critical": {"en": "CRITICAL", "ru": "КРИТИЧЕСКАЯ важность", "kk": "ӨТЕ маңызды"},
}  # fmt: skip
REASONS: Final = {
    "first": {"en": "New", "ru": "Новое", "kk": "Жаңа"},
    "escalated": {"en": "More serious now", "ru": "Стало серьёзнее", "kk": "Жағдай ушықты"},
    "new_evidence": {"en": "New evidence", "ru": "Новые сведения", "kk": "Жаңа деректер"},
    "level_changed": {"en": "Better supported now", "ru": "Подтверждений больше", "kk": "Растау көбейді"},
    "resolved": {"en": "Ended", "ru": "Завершилось", "kk": "Аяқталды"},
    "reminder": {"en": "Reminder", "ru": "Напоминание", "kk": "Еске салу"},
    "drill": {"en": "DRILL", "ru": "УЧЕНИЕ", "kk": "ЖАТТЫҒУ"},
}  # fmt: skip
LINES: Final = {
    "where": {"en": "Where", "ru": "Где", "kk": "Қайда"},
    "since": {"en": "Since", "ru": "С", "kk": "Басталуы"},
    "support": {"en": "Rests on", "ru": "На чём основано", "kk": "Негізі"},
    "counts": {"en": "Numbers reported", "ru": "Сообщают числа", "kk": "Хабарланған сандар"},
    "denied": {"en": "Officials deny it", "ru": "Власти опровергают", "kk": "Билік жоққа шығарады"},
    "restored": {"en": "Restored for now", "ru": "Пока восстановлено", "kk": "Әзірге қалпына келді"},
    "rule": {"en": "Why you were told", "ru": "Почему вам сообщили", "kk": "Неге хабарланды"},
    "evidence": {"en": "Evidence", "ru": "Источники", "kk": "Дереккөздер"},
    "more": {"en": "and more", "ru": "и ещё", "kk": "және тағы"},
    "change": {
        "en": "A second independent source or a measurement would raise the level",
        "ru": "Уровень поднимет второй независимый источник или измерение",
        "kk": "Екінші тәуелсіз дереккөз немесе өлшем деңгейді көтереді",
    },
    "unknown": {"en": "place unknown", "ru": "место неизвестно", "kk": "орны белгісіз"},
}  # fmt: skip
COUNTED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "independent": {
        "en": ("independent witness", "independent witnesses"),
        "ru": ("независимый свидетель", "независимых свидетеля", "независимых свидетелей"),
        "kk": ("тәуелсіз куә",),
    },
    "reports": {
        "en": ("signal", "signals"),
        "ru": ("сообщение", "сообщения", "сообщений"),
        "kk": ("хабар",),
    },
}
"""Nouns as they stand behind a number: of one, of few (Russian alone has that form), of many. Kazakh has one form for all."""
ROLES: Final = {
    "detained": {"en": "detained", "ru": "задержаны", "kk": "ұсталған"},
    "injured": {"en": "injured", "ru": "пострадали", "kk": "жараланған"},
    "killed": {"en": "killed", "ru": "погибли", "kk": "қаза тапқан"},
    "participants": {"en": "taking part", "ru": "участвуют", "kk": "қатысқан"},
    "days": {"en": "days of arrest", "ru": "суток ареста", "kk": "тәулік қамақ"},
    "fine": {"en": "fine", "ru": "штраф", "kk": "айыппұл"},
    "released": {"en": "released", "ru": "освобождены", "kk": "босатылған"},
    "charged": {"en": "charged", "ru": "обвиняются", "kk": "айыпталған"},
}  # fmt: skip
