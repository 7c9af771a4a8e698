-- Step 12 took no backup to be in the way of what was erased before it. Those that had been begun by then are.
UPDATE destruction SET last_backup = (SELECT coalesce(max(number), 0) FROM backup WHERE begun_ms <= erased_ms)
WHERE last_backup = 0;
