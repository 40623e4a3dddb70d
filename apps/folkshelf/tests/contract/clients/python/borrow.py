"""A whole borrow by the generated Python client: borrow.py <where the host is> <password of the demo community>"""

import sys
from typing import TypeVar

from folkshelf_client import AuthenticatedClient, Client
from folkshelf_client.api.auth import log_in
from folkshelf_client.api.books import create_book, get_book
from folkshelf_client.api.borrows import approve_borrow, declare_return, hand_over, request_borrow, return_borrow
from folkshelf_client.models import (
    ApproveBody,
    BookBody,
    BorrowStatus,
    ConditionBody,
    ErrorBody,
    HandOverBody,
    LogInBody,
    NothingBody,
    RequestBody,
    ReturnBody,
)

T = TypeVar("T")


def must(answer: T | ErrorBody | None) -> T:
    if answer is None or isinstance(answer, ErrorBody):
        raise RuntimeError(f"refused: {answer}")
    return answer


def sign_in(url: str, name: str, password: str) -> AuthenticatedClient:
    body = LogInBody(email=f"{name}@example.org", password=password)
    signed_in = must(log_in.sync(client=Client(base_url=url), body=body))
    return AuthenticatedClient(base_url=url, token=signed_in.data.access_token)


def main(url: str, password: str) -> None:
    owner, borrower = sign_in(url, "margaret", password), sign_in(url, "alan", password)
    description = BookBody(title="A Checked Chronicle", authors=["P. Thon"], lending="lend")
    book = must(create_book.sync(client=owner, body=description)).data
    asked = must(request_borrow.sync(client=borrower, body=RequestBody(book_id=book.id, days=14))).data
    must(approve_borrow.sync(asked.id, client=owner, body=ApproveBody(place="The bakery")))
    lent = must(hand_over.sync(asked.id, client=owner, body=HandOverBody())).data
    assert lent.status == BorrowStatus.ACTIVE and lent.due_at, lent
    must(declare_return.sync(asked.id, client=borrower, body=NothingBody()))
    back = must(return_borrow.sync(asked.id, client=owner, body=ReturnBody(condition=ConditionBody.OK))).data
    assert back.status == BorrowStatus.RETURNED, back
    assert must(get_book.sync(book.id, client=borrower)).data.available


main(*sys.argv[1:])
