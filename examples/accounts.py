"""PynamoDB models: accounts with an optimistic lock, and transfers in a transaction."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.connection import Connection
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class ByBranch(GlobalSecondaryIndex["Account"]):
    """Accounts of a branch, the smallest balance first."""

    class Meta:
        index_name = "by-branch"
        projection = AllProjection()

    branch = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(range_key=True)


class ByBalance(LocalSecondaryIndex["Account"]):
    """Accounts of an owner, the smallest balance first."""

    class Meta:
        index_name = "by-balance"
        projection = KeysOnlyProjection()

    owner = UnicodeAttribute(hash_key=True)
    balance = NumberAttribute(range_key=True)


class Account(Model):
    """An account; saving one that somebody else changed meanwhile is refused."""

    class Meta:
        table_name = "accounts"
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    owner = UnicodeAttribute(hash_key=True)
    number = UnicodeAttribute(range_key=True)
    branch = UnicodeAttribute()
    balance = NumberAttribute(default=0)
    version = VersionAttribute()
    by_branch = ByBranch()
    by_balance = ByBalance()


def transfer(source: Account, target: Account, amount: int) -> None:
    """Move an amount: both balances change or neither does."""
    connection = Connection(region="us-east-1")
    with TransactWrite(connection=connection) as transaction:
        transaction.update(
            source,
            actions=[Account.balance.add(-amount)],
            condition=Account.balance >= amount,
        )
        transaction.update(target, actions=[Account.balance.add(amount)])


def total(*keys: tuple[str, str]) -> int:
    """The sum of some balances as at one moment."""
    with TransactGet(connection=Connection(region="us-east-1")) as transaction:
        wanted = [transaction.get(Account, owner, number) for owner, number in keys]
    return sum(int(future.get().balance) for future in wanted)


if __name__ == "__main__":
    import ddbha

    with ddbha.mock():
        Account.create_table(wait=True)
        for number, balance in (("001", 100), ("002", 40)):
            Account("ann", number, branch="north", balance=balance).save()
        transfer(Account.get("ann", "001"), Account.get("ann", "002"), 30)
        print("accounts of the northern branch, by balance:")
        for account in Account.by_branch.query("north"):
            print(f"  {account.number}: {int(account.balance)}")
        print("together:", total(("ann", "001"), ("ann", "002")))
