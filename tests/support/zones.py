"""Time zones of every kind: far east and west, odd offsets, midnights that are skipped or occur twice."""

ZONES = [
    *(
        f"Africa/{each}"
        for each in (
            "Cairo",
            "Casablanca",
            "Johannesburg",
            "Lagos",
        )
    ),
    *(
        f"America/{each}"
        for each in (
            "Adak",
            "Anchorage",
            "Asuncion",
            "Bogota",
            "Chicago",
            "Godthab",
            "Havana",
            "Los_Angeles",
            "New_York",
            "Sao_Paulo",
            "Scoresbysund",
            "St_Johns",
        )
    ),
    *(f"Antarctica/{each}" for each in ("Troll",)),
    *(
        f"Asia/{each}"
        for each in (
            "Amman",
            "Beirut",
            "Dubai",
            "Gaza",
            "Kathmandu",
            "Kolkata",
            "Pyongyang",
            "Shanghai",
            "Tehran",
            "Tokyo",
            "Yangon",
        )
    ),
    *(f"Atlantic/{each}" for each in ("Azores",)),
    *(
        f"Australia/{each}"
        for each in (
            "Adelaide",
            "Eucla",
            "Lord_Howe",
        )
    ),
    *(
        f"Etc/{each}"
        for each in (
            "GMT+12",
            "GMT-14",
        )
    ),
    *(
        f"Europe/{each}"
        for each in (
            "Dublin",
            "Istanbul",
            "London",
            "Moscow",
            "Paris",
        )
    ),
    *(
        f"Pacific/{each}"
        for each in (
            "Apia",
            "Auckland",
            "Chatham",
            "Kiritimati",
            "Marquesas",
            "Pago_Pago",
        )
    ),
    "UTC",
]
