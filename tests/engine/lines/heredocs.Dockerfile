# What the builder of Docker 23 and later knows by itself.
FROM imgdiag-test-base
ARG X=1
RUN <<EOF
echo one
echo two
EOF
RUN <<-"END" cat >/tmp/x
	FROM nothing
	END
RUN python3 - <<PY > /tmp/py && echo done
print(1)
PY
RUN <<EOF
#!/usr/bin/python3
print("shebang")
EOF
COPY <<one <<"two" /etc/
first $X
one
second $X
two
COPY --chmod=600 --chown=1:1 --link a.txt /l/
ADD --chmod=644 b.txt /l/
RUN --mount=type=bind,target=/ctx,source=. --mount=type=cache,target=/root/.cache/pip \
    cp /ctx/a.txt /tmp/aa
RUN --network=none true
EXPOSE 80 443
HEALTHCHECK NONE
WORKDIR /
CMD ["a", "b \"c\" é"]
