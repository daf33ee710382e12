-- The numbers of the card that are there, with what each column says it means.
WITH card AS (
    SELECT offer_id, currency, COLUMNS('^cost_per_.*')::DECIMAL(38,18) FROM cards
    WHERE offer_id = $offer_id
), told AS (
    UNPIVOT card ON COLUMNS('^cost_per_.*') INTO NAME "column" VALUE amount
)
SELECT t."column", t.amount, t.currency, d.comment AS meaning
FROM told t
JOIN duckdb_columns() d
    ON d.column_name = t."column" AND d.table_name = 'cards'
       AND d.database_name = current_database()
ORDER BY d.column_index;
