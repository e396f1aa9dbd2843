-- A mark of what the instances of the release were given to connect with; null where that is not known.
ALTER TABLE serving ADD COLUMN connections text;
