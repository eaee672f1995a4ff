"""Project pipelines."""

from functools import partial

from kedro.pipeline import Pipeline, node, pipeline

from odd import functions as f


def odd() -> Pipeline:
    return pipeline(
        [
            node(f.total, ["params:limits.low", "params:limits.high.hard", "params:rate"], "total"),
            node(partial(f.scaled, rate=3, offset=1), "numbers", "scaled", name="scale"),
            node(partial(f.scaled, offset=2), ["numbers", "params:rate"], "scaled_too"),
            node(partial(f.applied, function=max), "numbers", "most", name="most"),
            node(f.counted, "numbers", "in_memory", name="count"),
            node(f.extremes, "scaled", {"highest": "top", "lowest": "bottom"}, name="extremes"),
            node(f.extremes, "numbers", {"lowest": "lowest", "highest": "highest"}, name="same"),
            node(f.single, "numbers", {"first": "first"}, name="single"),
            node(f.one_of_a_list, "numbers", ["last"], name="last"),
            node(f.described, {"a": "top", "b": "bottom", "c": "params:a.b"}, "described"),
            node(f.everything, ["numbers", "parameters"], "everything", name="everything"),
            node(f.seeded, "numbers", "model", name="seeded"),
            node(f.pieces, "numbers", "piece", name="pieces"),
            node(f.labelled, ["params:label", "in_memory"], "labelled", tags=["a", "b"]),
            node(f.size, "labelled", "size", name="size"),
            node(f.tripled.scale, "total", "tripled", name="tripled"),
            node(f.tripled, "tripled", "more", name="more"),
            node(f.doubled, "more", "doubled", name="doubled"),
            node(max, ["total", "doubled"], "largest", name="largest"),
            node(f.rows, "numbers", "table@rows", name="rows"),
            node(f.size, "table@text", "length", name="length"),
            node(f.shout, "parts", "shouted", name="shout"),
            node(f.joined, "shouted", "cached", name="join"),
            node(f.sealed, "cached", "secret", name="seal"),
            node(f.opened, ["secret", "params:label"], "report", name="open"),
            node(f.told, "report", None, name="tell"),
            node(f.started, None, "started", name="start"),
        ]
    )


def unnamed() -> Pipeline:
    return pipeline(
        [
            node(lambda numbers: numbers[0], "numbers", "a", name="lambda"),
            node(f.Scaler(4).scale, "a", "b", name="method"),
            node(partial(f.scaled, rate=iter([1])), "numbers", "c", name="unwritten"),
            node(f.shout, "nowhere", "shouted", confirms="numbers", name="confirming"),
            node(f.size, "params:nothing", "d", name="undeclared"),
        ]
    )


def register_pipelines() -> dict[str, Pipeline]:
    return {"__default__": odd(), "unnamed": unnamed()}
