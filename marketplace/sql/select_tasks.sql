-- Every task that an offer has or had, and its group.
SELECT DISTINCT task, task_group FROM offers;
