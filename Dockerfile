# The app, on the processor: see docs/app.md.
FROM python:3.13-slim
RUN useradd --create-home painter
COPY pyproject.toml README.md LICENSE requirements.txt /source/
COPY restyle /source/restyle
COPY models /source/models
COPY samples /source/samples
COPY page /source/page
RUN pip install --no-cache-dir "/source[app]" && rm -r /source
USER painter
WORKDIR /home/painter
# Where the weights of VGG-19 are kept, which are fetched once.
RUN mkdir -p .keras
VOLUME /home/painter/.keras
EXPOSE 7860
CMD ["restyle-app", "--host", "0.0.0.0"]
