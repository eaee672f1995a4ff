"""What the nodes call."""

import functools


def logged(function):
    @functools.wraps(function)
    def call(*given):
        return function(*given)

    return call


def total(*numbers):
    return sum(numbers)


def scaled(numbers, rate, offset=0):
    return [number * rate + offset for number in numbers]


def applied(numbers, function):
    return function(numbers)


@logged
def counted(numbers):
    return len(numbers)


def extremes(numbers):
    return {"lowest": min(numbers), "highest": max(numbers)}


def single(numbers):
    return {"first": numbers[0]}


def one_of_a_list(numbers):
    return [numbers[-1]]


def described(**values):
    return ", ".join(f"{name}={values[name]}" for name in sorted(values))


def everything(numbers, parameters):
    return [len(numbers), parameters]


def seeded(numbers, seed=7):
    return [*numbers, seed]


def pieces(numbers):
    for number in numbers:
        yield [number]


def labelled(label: str, count: int) -> str:
    return f"{label}: {count}"


def size(text: str) -> int:
    return len(text)


def rows(numbers):
    return [{"n": number} for number in numbers]


def shout(parts):
    return {name: load().upper() for name, load in sorted(parts.items())}


def joined(parts):
    return "-".join(load() for _, load in sorted(parts.items()))


def sealed(text):
    return text * 2


def opened(text, day):
    return f"{day} {text}"


def told(text):
    print(text)


def started():
    return 1


class Scaler:
    """An object whose method is a node."""

    def __init__(self, by):
        self.by = by

    def scale(self, number):
        return number * self.by

    def __call__(self, number):
        return number + self.by


tripled = Scaler(3)
doubled = lambda number: number * 2  # noqa: E731
