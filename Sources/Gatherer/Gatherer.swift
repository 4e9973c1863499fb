// The sources of this module.
