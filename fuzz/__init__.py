"""Coverage-guided fuzzing: what reads an image or a project may raise ImgdiagError and no more."""
