from tests.makers import quick_passwords  # noqa: F401  for every test here
