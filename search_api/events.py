"""What other parts react to."""

DAILY_ALERTS_DUE = "alerts.daily_due"
WEEKLY_ALERTS_DUE = "alerts.weekly_due"
"""Saved searches are to be looked at for new matches; keys say when that was due."""
ALERT_DUE = "alert.due"
"""One of them is; its key is its id and that time, see `search_api.alerts.Due`."""
SAVED_SEARCH_SWEEP_DUE = "saved_searches.sweep_due"
"""Deleted searches are to be dropped for good; keys say when that was due."""
