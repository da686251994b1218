FROM imgdiag-test-every
USER root
COPY b.txt /b
CMD ["x"]
