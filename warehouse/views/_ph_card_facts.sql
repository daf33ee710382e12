-- The stored rows of _ph_card_computed: a load replaces those that it may change. A new definition
-- empties the table, and all rows are stored again.
CREATE OR REPLACE TABLE internal._ph_card_facts AS FROM internal._ph_card_computed LIMIT 0;
