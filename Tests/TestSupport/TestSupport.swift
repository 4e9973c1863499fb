// Lends brokers and databases to tests.
