"""The edge that boto3, botocore and aiobotocore clients come in by."""
