"""What each Lambda function does. A module here is named like the function's folder in functions/."""
