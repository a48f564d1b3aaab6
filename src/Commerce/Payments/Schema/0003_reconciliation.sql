-- What a day's comparison with the provider and the ledger looks for: payments by their last change, and lines of the balance by their payment.
CREATE INDEX payment_changed ON payment (tenant, changed_at, id);
CREATE INDEX balance_transaction_payment ON balance_transaction (tenant, payment, id) WHERE payment IS NOT NULL;

-- The last day of each tenant for which a comparison was asked for by itself, as the Unix milliseconds of its beginning in UTC.
CREATE TABLE reconciled (
    tenant INTEGER NOT NULL,
    day    INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) STRICT, WITHOUT ROWID;
