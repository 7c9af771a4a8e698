-- JSON: by product, indicator and school year, whom the figures speak of and do not count, and why, in steps of 5 %. NULL
-- where a program from before this wrote it.
ALTER TABLE edition ADD COLUMN left_out TEXT;
