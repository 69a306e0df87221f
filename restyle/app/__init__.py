"""The app: restyle in a browser, computed on this machine. Only this folder knows Gradio."""
