# frozen_string_literal: true

require 'outpour'

raise LoadError, 'outpour/agoo stands in for agoo, which is loaded already' if defined?(Agoo)

# For scripts written for Agoo: the same names.
Agoo = Outpour
