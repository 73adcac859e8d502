"""The admin's pages where staff correct the critic.

Labels are appended, versions only pointed at: nothing here overwrites.
"""
