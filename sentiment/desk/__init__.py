"""The desk where people correct the critic. Labels are appended, versions only pointed at: nothing here overwrites."""
