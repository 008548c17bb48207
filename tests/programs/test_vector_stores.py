"""Stores of frameworks that search by DynamoDB's vector indexes run unmodified.

Their dependencies are large, and some pin a botocore of their own: each runs where somebody has installed
it beside ddbha (dynamodb-haystack, langgraph-store-dynamodb, strands-dynamodb-store).
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import ddbha


def embedded(text: str) -> list[float]:
    """How often a text names the two things that texts are about here."""
    return [float(text.count("cats")), float(text.count("tax"))]


def test_haystack() -> None:
    haystack: Any = pytest.importorskip("haystack", reason="dynamodb-haystack is not installed")
    stores: Any = pytest.importorskip("haystack_integrations.document_stores.dynamodb")
    retrievers: Any = pytest.importorskip("haystack_integrations.components.retrievers.dynamodb")
    embeddings = {"cats": [1.0, 0.0], "dogs": [1.0, 1.0], "tax": [0.0, 1.0]}
    documents = [haystack.Document(id=n, content=n, embedding=e) for n, e in embeddings.items()]
    with ddbha.mock():
        store = stores.DynamoDBDocumentStore(embedding_dimension=2, region_name="us-east-1")
        assert store.write_documents(documents) == 3
        retriever = retrievers.DynamoDBEmbeddingRetriever(document_store=store, top_k=2)
        found = retriever.run(query_embedding=[1.0, 0.0])["documents"]
        # Haystack's score of a cosine distance d is 1 - d / 2.
        assert [(d.id, round(d.score, 3)) for d in found] == [("cats", 1.0), ("dogs", 0.854)]
        store.delete_documents(["cats"])
        found = retriever.run(query_embedding=[1.0, 0.0])["documents"]
        assert [document.id for document in found] == ["dogs", "tax"]


def test_langgraph() -> None:
    package = pytest.importorskip("langgraph_store_dynamodb", reason="it is not installed")
    index = {"dims": 2, "embed": lambda texts: [embedded(text) for text in texts], "fields": ["text"]}
    with ddbha.mock() as world:
        store = package.DynamoDBStore("memories", index=index, region_name="us-east-1")
        store.put(("users", "1"), "likes", {"text": "cats"})
        store.put(("users", "1"), "hates", {"text": "tax"})
        store.put(("users", "2"), "both", {"text": "cats and tax"})

        def found(*namespace: str) -> list[tuple[str, float]]:
            return [(one.key, round(one.score, 3)) for one in store.search(namespace, query="cats")]

        assert found("users", "1") == [("likes", 1.0), ("hates", 0.0)]
        assert found("users") == [("likes", 1.0), ("both", 0.707), ("hates", 0.0)]
        store.delete(("users", "1"), "likes")
        assert found("users", "1") == [("hates", 0.0)]
        world.verify()


def test_strands() -> None:
    package = pytest.importorskip("strands_dynamodb_store", reason="it is not installed")
    with ddbha.mock() as world:
        store = package.DynamoDBMemoryStore(
            name="memories",
            table_name="memories",
            embedder=embedded,
            dimensions=2,
            region_name="us-east-1",
        )

        async def talk() -> Any:
            await store.add("cats are fine", {"place": "home"})
            await store.add("tax is due")
            return await store.search("what about cats", {"max_search_results": 1})

        (memory,) = asyncio.run(talk())
        assert (memory.content, memory.metadata["place"]) == ("cats are fine", "home")
        world.verify()
