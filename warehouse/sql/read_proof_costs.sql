-- The costs that the card has, each with the comment of its column.
WITH card AS (
    SELECT offer_id, currency, COLUMNS('^cost_per_.*')::DECIMAL(38,18) FROM cards
    WHERE offer_id = $offer_id
), costs AS (
    UNPIVOT card ON COLUMNS('^cost_per_.*') INTO NAME "column" VALUE amount
)
SELECT c."column", c.amount, c.currency, d.comment AS meaning
FROM costs c
JOIN duckdb_columns() d
    ON d.column_name = c."column" AND d.table_name = 'cards'
       AND d.database_name = current_database()
ORDER BY d.column_index;
