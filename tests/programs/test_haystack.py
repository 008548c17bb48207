"""Haystack's document store for DynamoDB runs unmodified.

It pins a botocore of its own, so this runs where somebody has installed dynamodb-haystack beside ddbha.
"""

from __future__ import annotations

from typing import Any

import pytest

import ddbha

haystack: Any = pytest.importorskip("haystack", reason="dynamodb-haystack is not installed")
stores: Any = pytest.importorskip("haystack_integrations.document_stores.dynamodb")
retrievers: Any = pytest.importorskip("haystack_integrations.components.retrievers.dynamodb")


def test_documents_are_written_found_and_deleted() -> None:
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
