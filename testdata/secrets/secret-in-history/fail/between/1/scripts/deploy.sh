#!/bin/sh
export GITHUB_TOKEN=ghp_{R*36}
