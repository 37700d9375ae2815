"""The pages, one module a place; each has a `router`."""

from service.pages import (
    account,
    admin,
    batches,
    desk,
    documents,
    flags,
    mailbox,
    review,
    runs,
    sign_in,
)

ROUTERS = tuple(
    module.router
    for module in (desk, sign_in, account, review, batches, documents, flags, runs, mailbox, admin)
)
