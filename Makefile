.PHONY: test format lint

test:
	swift test --explicit-target-dependency-import-check error

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
