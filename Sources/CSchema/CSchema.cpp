#include "CSchema.h"
