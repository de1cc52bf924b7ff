"""The parts of AWS that the bot uses, on this machine: Lambda, API Gateway, SQS, DynamoDB, Parameter Store."""
