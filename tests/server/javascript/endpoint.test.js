// AWS's SDK for JavaScript against `ddbha serve`.  DDBHA is the path of the command.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ResourceNotFoundException,
  TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";

const TableName = "orders";
let server, client, documents, streams;

before(async () => {
  server = spawn(process.env.DDBHA ?? "ddbha", ["serve", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { value: welcome } = await createInterface(server.stdout)[Symbol.asyncIterator]().next();
  const [endpoint] = welcome.match(/http:\/\/[\d.:]+\d/);
  const config = {
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: "111122223333", secretAccessKey: "any" },
  };
  client = new DynamoDBClient(config);
  streams = new DynamoDBStreamsClient(config);
  documents = DynamoDBDocumentClient.from(client);
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });
});

after(() => {
  client?.destroy();
  streams?.destroy();
  server?.kill();
});

test("a table has its ARN in the region and account of the credentials, and a date", async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableArn, "arn:aws:dynamodb:eu-west-1:111122223333:table/orders");
  assert.ok(Table.CreationDateTime instanceof Date);
  assert.ok(Math.abs(Date.now() - Table.CreationDateTime) < 60_000);
});

test("documents come back as they were written", async () => {
  const Item = {
    pk: "document",
    sk: 1,
    text: "naïve 😀",
    bytes: new Uint8Array([0, 255]),
    tags: new Set(["a", "b"]),
    nested: { list: [1, "two", null, true, { deep: 2.5 }] },
  };
  await documents.send(new PutCommand({ TableName, Item }));
  const Key = { pk: "document", sk: 1 };
  assert.deepEqual((await documents.send(new GetCommand({ TableName, Key }))).Item, Item);
  const { Attributes } = await documents.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: "SET nested.#list[0] = :new REMOVE tags",
      ExpressionAttributeNames: { "#list": "list" },
      ExpressionAttributeValues: { ":new": 9 },
      ReturnValues: "ALL_NEW",
    }),
  );
  assert.equal(Attributes.nested.list[0], 9);
  assert.ok(!("tags" in Attributes));
  await documents.send(new DeleteCommand({ TableName, Key }));
  assert.equal((await documents.send(new GetCommand({ TableName, Key }))).Item, undefined);
});

test("queries have pages", async () => {
  const items = Array.from({ length: 10 }, (_, sk) => ({ pk: "pages", sk }));
  const puts = items.map((Item) => ({ PutRequest: { Item } }));
  await documents.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
  const query = {
    TableName,
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": "pages" },
  };
  const pages = [];
  for await (const page of paginateQuery({ client: documents, pageSize: 4 }, query)) pages.push(page.Items);
  assert.equal(pages.length, 3);
  assert.deepEqual(pages.flat(), items);
});

test("errors are the SDK's classes with their members", async () => {
  const Item = { pk: "errors", sk: 1, bytes: new Uint8Array([1]) };
  await documents.send(new PutCommand({ TableName, Item }));
  const put = {
    TableName,
    Item,
    ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  await assert.rejects(documents.send(new PutCommand(put)), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException);
    assert.equal(error.message, "The conditional request failed");
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9A-Z]{52}$/);
    assert.deepEqual(error.Item, { pk: { S: "errors" }, sk: { N: "1" }, bytes: { B: new Uint8Array([1]) } });
    return true;
  });
  await assert.rejects(
    documents.send(new TransactWriteCommand({ TransactItems: [{ Put: put }] })),
    (error) => {
      assert.ok(error instanceof TransactionCanceledException);
      assert.equal(error.CancellationReasons[0].Code, "ConditionalCheckFailed");
      return true;
    },
  );
  await assert.rejects(
    client.send(new DescribeTableCommand({ TableName: "nowhere" })),
    ResourceNotFoundException,
  );
  await assert.rejects(client.send(new PutItemCommand({ TableName, Item: {} })), {
    name: "ValidationException",
    message: "One or more parameter values were invalid: Missing the key pk in the item",
  });
});

test("streams have the records", async () => {
  await documents.send(new PutCommand({ TableName, Item: { pk: "stream", sk: 1 } }));
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const StreamArn = Table.LatestStreamArn;
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const keys = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    for (const record of Records) {
      assert.ok(record.dynamodb.ApproximateCreationDateTime instanceof Date);
      keys.push(record.dynamodb.Keys.pk.S);
    }
  }
  assert.ok(keys.includes("stream"));
});
