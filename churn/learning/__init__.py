"""Learning from any labelled table: read it, learn on parts of it, tell how good that was on the others.

Frames and scikit-learn; for commands and jobs, never for the web process.

    reading    a file → cells as text            kinds      what each column holds
    labelled   → numbers, categories, target     splitting  folds, by chance or by time
    families   what can be learned, and how      choosing   which of it, by nested choice → Fitted
    evaluating the honest figures                leakage    columns that tell too much
    report     the document and its words
"""
