"""What every package stands on and knows nothing of our business: settings, database, outbox, errors."""
