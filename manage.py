#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from textflix.running.supervisor import Failure

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "textflix.settings")
    try:
        execute_from_command_line(sys.argv)
    except Failure as failure:
        sys.exit(f"textflix: {failure}")
