"""The value that the 10 KiB JSON answers carry: 77 rows, as a list page of an API has."""

ROWS = {
    "total": 77,
    "items": [
        {
            "id": number,
            "name": f"item number {number:04d}",
            "price": number * 1.25,
            "in_stock": number % 3 != 0,
            "tags": ["alpha", "beta", "gamma"],
            "note": "a sentence of some length",
        }
        for number in range(77)
    ],
}
