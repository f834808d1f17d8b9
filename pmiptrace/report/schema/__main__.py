"""Write the schema files anew."""

from pmiptrace.report.schema import SCHEMAS, octets, schema_file

if __name__ == "__main__":
    for name in SCHEMAS:
        schema_file(name).write_bytes(octets(name))
