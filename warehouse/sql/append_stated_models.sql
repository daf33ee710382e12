-- The models that a part of the answers names.
INSERT INTO stated_model FROM stated_name;
