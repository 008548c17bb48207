"""SearchVectors: the entries of a vector index that are most similar to a vector.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html
"""

from __future__ import annotations

from ddbha.api.data.placeholders import Expressions, refuse_misplaced
from ddbha.api.registry import Request, Response, operation
from ddbha.errors import ValidationException
from ddbha.expressions.projection import Projection
from ddbha.expressions.search_condition import refuse_without_partition
from ddbha.followers.vector_indexes import (
    BYTES_PER_DIMENSION,
    Vector,
    VectorEntry,
    VectorIndex,
    packed,
    written,
)
from ddbha.region.region import Region
from ddbha.values.attribute import AttributeValue, Item, canonical_value, item_size
from ddbha.values.image import unpack

MAXIMUM_RESULTS = 100
#: Bytes of all items that one search may answer with.
MAXIMUM_ANSWER = 16 * 1024 * 1024
#: What a search is metered by, as the authors of ExtendDB measured it in us-east-1 in 2026: so many bytes
#: for each dimension, for each result, and for what is shown of it, and at least 1 KB.  A search of one
#: partition costs less on AWS, nobody knows by how much.
SEARCHED_BYTES_PER_DIMENSION = 30.6875
BYTES_PER_RESULT = 65
LEAST_SEARCHED_BYTES = 1024.0


@operation("SearchVectors")
def search_vectors(region: Region, request: Request) -> Response:
    """The TopK most similar items with their scores, the best first."""
    refuse_misplaced(request)
    vector = _search_vector(request["SearchVector"])
    count = request["TopK"]
    if count > MAXIMUM_RESULTS:
        raise ValidationException(
            f"Provided TopK value '{count}' is out of valid range. The value must be between 1 and "
            f"{MAXIMUM_RESULTS} inclusive"
        )
    expressions = Expressions(request)
    condition, projection = expressions.search_condition(), expressions.projection()
    expressions.finish()
    index = _index(region, request)
    if len(vector) != index.dimensions:
        raise ValidationException(
            f"Input search vector dimension {len(vector)} does not match vector index dimension "
            f"{index.dimensions}"
        )
    partition_value = holds = None
    if condition is not None:
        partition_value = condition.bind(index.partition, index.filters, expressions.values)
        holds = condition.condition.bind(expressions.values)
    elif index.partition is not None:
        refuse_without_partition()
    index.followers.catch_up(region.now())
    found = index.nearest(
        vector,
        count,
        partition_value,
        holds,
    )
    items = [_shown(index, entry, projection) for _, entry in found]
    if sum(map(item_size, items)) > MAXIMUM_ANSWER:
        raise ValidationException(
            "The response of SearchVectors exceeds 16 MB. Reduce TopK or project fewer attributes"
        )
    response: Response = {
        "SearchResults": [
            {"Item": item, "Score": score} for item, (score, _) in zip(items, found, strict=True)
        ]
    }
    if request.get("ReturnConsumedCapacity", "NONE") != "NONE":
        read = SEARCHED_BYTES_PER_DIMENSION * index.dimensions
        read += sum(BYTES_PER_RESULT + _shown_size(index, item) for item in items)
        response["ConsumedCapacity"] = {"VectorSearchRequestBytes": max(LEAST_SEARCHED_BYTES, read)}
    return response


def _search_vector(elements: list[AttributeValue]) -> Vector:
    """The vector that is looked for, at 32-bit precision."""
    vector = None
    if all(element.keys() == {"N"} for element in elements):
        try:
            vector = packed([canonical_value(element)[0]["N"] for element in elements])
        except ValidationException:
            # A number that is none has the same message as any other wrong element.
            vector = None
    if vector is None:
        raise ValidationException(
            "Search vector contains invalid values. All values in the search vector must be a 32-bit "
            "floating-point number attribute"
        )
    return vector


def _index(region: Region, request: Request) -> VectorIndex:
    table, name = region.table(request["TableName"]), request["IndexName"]
    index = table.vector_indexes.get(name)
    if index is None or (index.status == "CREATING" and not index.backfilling):
        # The endpoint that searches does not know an index before it is filled.
        raise ValidationException(f"The table does not have the specified index: {name}")
    if index.status == "CREATING" and index.backfilling:
        raise ValidationException(f"Cannot search backfilling vector index: {name}")
    return index


def _shown(index: VectorIndex, entry: VectorEntry, projection: Projection | None) -> Item:
    """What a result shows of an entry; its vector only if the projection names it."""
    item = unpack(entry.image)
    if projection is None:
        return item
    if index.vector_attribute in projection.attributes:
        item[index.vector_attribute] = written(entry.vector)
    return projection.project(item)


def _shown_size(index: VectorIndex, item: Item) -> int:
    """The bytes of a result; a vector has four for each number."""
    if index.vector_attribute not in item:
        return item_size(item)
    others = {name: value for name, value in item.items() if name != index.vector_attribute}
    return item_size(others) + BYTES_PER_DIMENSION * index.dimensions
