"""A tool of your own for the retool-native environment. DECLARATIONS is what the model is shown; calls come with the
arguments of the model as a dict. Return a text, or anything that JSON can hold. An exception is told to the model.
"""

DECLARATIONS = [
    {
        "type": "function",
        "function": {
            "name": "price",
            "description": "The price of an article in cents.",
            "parameters": {
                "type": "object",
                "properties": {"article": {"type": "string", "description": "Its name"}},
                "required": ["article"],
            },
        },
    }
]

PRICES = {"apple": 40, "pear": 55}


def price(arguments):
    article = arguments["article"].lower()
    if article not in PRICES:
        raise KeyError(f"no article {article!r}; there are {', '.join(sorted(PRICES))}")
    return {"article": article, "cents": PRICES[article]}
