"""Every package's tables, so that Alembic sees one schema."""

from sqlmodel import SQLModel

import accounts.models.accounts
import accounts.models.audiences
import accounts.models.experts
import accounts.models.findings
import accounts.models.notices
import accounts.models.profiles
import accounts.models.shortlists  # noqa: F401
import billing.models.boosts
import billing.models.declarations
import billing.models.deliveries
import billing.models.documents
import billing.models.escrows
import billing.models.identity_papers
import billing.models.ledger
import billing.models.mandates
import billing.models.payment_links
import billing.models.payouts
import billing.models.proposals
import billing.models.provider_parties
import billing.models.provider_requests
import billing.models.reductions
import billing.models.sandbox
import billing.models.tax_details  # noqa: F401
import booking.models.invoices
import booking.models.missions
import booking.models.papers
import booking.models.quotes
import booking.models.reports
import booking.models.reviews
import booking.models.sheets
import booking.models.threads
import booking.models.withdrawals  # noqa: F401
import foundation.audits
import foundation.files
import foundation.leases
import foundation.lifecycles
import foundation.mails
import foundation.outbox
import foundation.schedules
import foundation.sms  # noqa: F401
import indexer.models  # noqa: F401
import search_api.models  # noqa: F401
import taxonomy.models  # noqa: F401

metadata = SQLModel.metadata
