"""What only the book needs: charts drawn at build, formulas, tables, fresh notebooks."""
