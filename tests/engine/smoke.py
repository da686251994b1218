"""Smoke tests of a science stack: each does with a package what a service would, in a few lines.

By the module that must be there; a test of several needs them all ("numpy scipy").
"""

TESTS: dict[str, str] = {
    "numpy": "import numpy as n; assert n.linalg.inv(n.eye(3) * 2)[0, 0] == 0.5",
    "numpy numpy.testing": "import numpy.testing as t; t.assert_allclose([1.0], [1.0])",
    "scipy": "from scipy import optimize, stats, signal; optimize.minimize(lambda x: x @ x, [1, 2])"
    "; stats.ttest_ind([1, 2, 3], [2, 3, 5]); signal.butter(2, 0.5)",
    "scipy scipy.special": "import scipy.special as s; s.gamma(3.5); s.hyp2f1(1, 2, 3, 0.5)",
    "scipy scipy.sparse": "import scipy.sparse as s, scipy.sparse.linalg as l; "
    "l.spsolve(s.eye(3, format='csc'), [1.0, 2, 3])",
    "pandas": "import pandas as p; d = p.DataFrame({'a': [1, 2, 2], 'b': [3, 4, 5]}); "
    "assert d.groupby('a').b.sum().to_dict() == {1: 3, 2: 9}; "
    "d.to_csv('x.csv'); p.read_csv('x.csv')",
    "pandas pyarrow": "import pandas as p; p.DataFrame({'a': [1]}).to_parquet('x.parquet'); "
    "p.read_parquet('x.parquet')",
    "pandas openpyxl": "import pandas as p; p.DataFrame({'a': [1]}).to_excel('x.xlsx'); "
    "p.read_excel('x.xlsx')",
    "pandas pandas.testing": "import pandas as p, pandas.testing as t; "
    "t.assert_frame_equal(p.DataFrame({'a': [1]}), p.DataFrame({'a': [1]}))",
    "sklearn": "from sklearn.ensemble import RandomForestClassifier as R; "
    "from sklearn.datasets import load_iris; x, y = load_iris(return_X_y=True); "
    "R(5).fit(x, y)._repr_html_()",
    "sklearn sklearn.utils": "from sklearn.utils import all_estimators; assert all_estimators()",
    "skimage": "import skimage as s; s.data; from skimage import filters, data; "
    "filters.gaussian(data.camera())",
    "statsmodels": "import statsmodels.api as s, numpy as n; "
    "s.OLS(n.arange(9.0), s.add_constant(n.arange(9.0))).fit().summary(); "
    "s.datasets.longley.load()",
    "matplotlib": "import matplotlib.pyplot as p; p.plot([1, 2]); p.title('x'); p.savefig('x.png')",
    "seaborn": "import seaborn as s; s.histplot([1, 2, 3, 3])",
    "sympy": "import sympy as s; x = s.symbols('x'); assert s.integrate(x, x) == x**2 / 2; "
    "s.latex(x)",
    "mpmath": "import mpmath as m; m.mp.dps = 50; m.zeta(3)",
    "networkx": "import networkx as n; g = n.karate_club_graph(); n.pagerank(g); "
    "n.shortest_path(g, 0, 33)",
    "boto3": "import boto3; c = boto3.client('s3', region_name='eu-west-1', aws_access_key_id='x', "
    "aws_secret_access_key='x'); c.generate_presigned_url('get_object', "
    "Params={'Bucket': 'b', 'Key': 'k'}); c.get_object.__doc__; "
    "boto3.resource('dynamodb', region_name='eu-west-1')",
    "botocore": "import botocore.session as s; s.get_session().get_available_services()",
    "astropy": "from astropy import units as u, table, time; from astropy.io import fits; "
    "(3 * u.m).to(u.cm); table.Table({'a': [1]}).write('x.fits'); fits.open('x.fits'); "
    "time.Time('2020-01-01')",
    "tables": "import tables as t; f = t.open_file('x.h5', 'w'); f.create_array('/', 'a', [1, 2]); "
    "f.close()",
    "h5py": "import h5py as h; f = h.File('x.h5', 'w'); f['a'] = [1, 2]; f.close()",
    "zarr": "import zarr as z, numpy as n; a = z.create_array('x.zarr', shape=(4,), dtype='i4'); "
    "a[:] = n.arange(4)",
    "xarray": "import xarray as x; x.DataArray([1, 2, 3]).mean().item()",
    "xarray xarray.testing": "import xarray as x; x.testing.assert_equal(x.DataArray([1]), "
    "x.DataArray([1]))",
    "dask": "import dask.array as d; assert d.ones((10, 10), chunks=5).sum().compute() == 100",
    "dask dask.dataframe": "import dask.dataframe as d, pandas as p; "
    "d.from_pandas(p.DataFrame({'a': [1, 2]}), npartitions=1).a.sum().compute()",
    "distributed": "from distributed import Client; c = Client(processes=False, "
    "dashboard_address=None, n_workers=1); assert c.submit(sum, [1, 2]).result() == 3; c.close()",
    "numba": "import numba as n; f = n.njit(lambda x: x + 1); assert f(1) == 2",
    "numexpr": "import numexpr as n; n.evaluate('1 + 2')",
    "pyarrow": "import pyarrow as p, pyarrow.compute as c; c.sum(p.array([1, 2]))",
    "polars": "import polars as p; p.DataFrame({'a': [1, 2]}).select(p.col('a').sum())",
    "duckdb": "import duckdb as d; assert d.sql('select 1').fetchall() == [(1,)]",
    "sqlalchemy": "import sqlalchemy as s; e = s.create_engine('sqlite://'); "
    "e.connect().execute(s.text('select 1')).all()",
    "alembic": "from alembic.config import Config; from alembic import command; "
    "command.list_templates(Config()); command.init(Config('alembic.ini'), 'migrations')",
    "fastapi": "from fastapi import FastAPI; a = FastAPI(); a.get('/')(lambda: 1); a.openapi()",
    "fastapi httpx": "from fastapi import FastAPI; from fastapi.testclient import TestClient; "
    "a = FastAPI(); a.get('/')(lambda: 1); assert TestClient(a).get('/').json() == 1",
    "pydantic": "import pydantic as p; p.create_model('M', a=(int, 1))().model_dump_json()",
    "requests": "import requests as r; r.Request('GET', 'http://x.example').prepare()",
    "aiohttp": "import aiohttp; aiohttp.ClientTimeout(total=1)",
    "django": "import django; from django.conf import settings; settings.configure(); "
    "django.setup(); from django.template import engines; from django.test import RequestFactory; "
    "RequestFactory().get('/')",
    "flask": "import flask; a = flask.Flask('a'); a.route('/')(lambda: 'x'); "
    "assert a.test_client().get('/').data == b'x'",
    "celery": "import os.path; from celery import Celery; a = Celery(broker='memory://'); "
    "a.task(os.path.basename, name='f').apply(('a/b',)).get()",
    "torch": "import torch as t; m = t.nn.Linear(2, 1); m(t.ones(1, 2)).sum().backward(); "
    "t.save(m.state_dict(), 'x.pt'); t.load('x.pt'); t.jit.script(m)",
    "torch torch.utils.data": "import torch as t; from torch.utils.data import DataLoader as D; "
    "list(D(t.arange(4), num_workers=1)); t.testing.assert_close(t.ones(1), t.ones(1))",
    "transformers": "from transformers import BertConfig, BertModel; import torch; "
    "BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, "
    "intermediate_size=8, vocab_size=9))(torch.tensor([[1, 2]]))",
    "spacy": "import spacy as s; assert len(s.blank('en')('a small test')) == 3",
    "nltk": "from nltk.stem import PorterStemmer as P; P().stem('running'); "
    "import nltk; nltk.CFG.fromstring('S -> \"a\"')",
    "gensim": "from gensim.models import Word2Vec as W; W([['a', 'b'], ['b', 'c']], min_count=1)",
    "plotly": "import plotly.express as p; p.bar(x=[1], y=[2]).to_html()",
    "bokeh": "from bokeh.plotting import figure; from bokeh.embed import file_html; "
    "from bokeh.resources import CDN; f = figure(); f.line([1], [2]); file_html(f, CDN)",
    "altair": "import altair as a; a.Chart({'values': [{'a': 1}]}).mark_bar().to_dict()",
    "cv2": "import cv2, numpy as n; cv2.blur(n.zeros((9, 9)), (3, 3))",
    "PIL": "from PIL import Image, ImageFont; i = Image.new('RGB', (4, 4)); i.save('x.png'); "
    "ImageFont.load_default()",
    "lightgbm sklearn": "import lightgbm as l, numpy as n; "
    "l.LGBMRegressor(n_estimators=2, verbose=-1).fit(n.arange(40.0).reshape(-1, 1), n.arange(40))",
    "xgboost sklearn": "import xgboost as x, numpy as n; "
    "x.XGBRegressor(n_estimators=2).fit(n.arange(9.0).reshape(-1, 1), n.arange(9))",
    "optuna": "import optuna as o; "
    "o.create_study().optimize(lambda t: t.suggest_float('x', 0, 1), 2)",
    "mlflow": "import mlflow as m; m.set_tracking_uri('sqlite:///x.db'); m.__version__",
    "ray": "import ray; ray.__version__; from ray import data, train, tune",
    "shap sklearn": "import shap, numpy as n; from sklearn.tree import DecisionTreeRegressor as D; "
    "x = n.arange(9.0).reshape(-1, 1); shap.TreeExplainer(D().fit(x, n.arange(9))).shap_values(x)",
    "umap": "import umap, numpy as n; umap.UMAP(n_neighbors=3).fit(n.random.rand(20, 3))",
    "pymc": "import pymc as p; m = p.Model(); m.__enter__(); p.Normal('x'); m.initial_point()",
    "nibabel": "import nibabel as b, numpy as n; b.Nifti1Image(n.zeros((2, 2, 2)), n.eye(4))"
    ".to_filename('x.nii'); b.load('x.nii')",
    "skbio": "from skbio import DNA; DNA('ACGT').reverse_complement()",
    "mne": "import mne, numpy as n; mne.io.RawArray(n.zeros((1, 100)), "
    "mne.create_info(1, 100.0, 'eeg'), verbose=False).filter(None, 20, verbose=False)",
    "geopandas": "import geopandas as g; from shapely.geometry import Point; "
    "g.GeoSeries([Point(0, 0)], crs=4326).to_crs(3857).to_json()",
    "rasterio": "import rasterio; rasterio.transform.from_origin(0, 0, 1, 1)",
    "jinja2": "import jinja2; assert jinja2.Template('{{ 1 + 1 }}').render() == '2'",
    "docutils": "from docutils.core import publish_string as p; p('*x*', writer='html')",
    "sphinx": "from sphinx.application import Sphinx as S; open('conf.py', 'w'); "
    "open('index.rst', 'w').write('x\\n=\\n'); S('.', '.', 'o', 'd', 'html', status=None).build()",
    "babel": "from babel.dates import format_date; import datetime; "
    "format_date(datetime.date(2020, 1, 1), locale='de')",
    "pytest": "import pytest; open('test_x.py', 'w').write('def test_x(): pass'); "
    "assert pytest.main(['-q', '-p', 'no:cacheprovider', 'test_x.py']) == 0",
    "IPython": "from IPython.core.interactiveshell import InteractiveShell as I; "
    "I.instance().run_cell('1 + 1')",
    "nbconvert": "import nbformat.v4 as n, nbconvert as c; "
    "c.HTMLExporter().from_notebook_node(n.new_notebook(cells=[n.new_markdown_cell('x')]))",
    "twisted": "from twisted.internet import defer, reactor; defer.succeed(1)",
    "scrapy": "import scrapy; scrapy.Selector(text='<p>x</p>').css('p::text').get()",
    "tornado": "import tornado.web, tornado.testing; tornado.web.Application([])",
    "grpc": "import grpc; grpc.insecure_channel('localhost:1')",
    "google.cloud.storage": "from google.cloud import storage",
    "cryptography": "from cryptography.fernet import Fernet as F; f = F(F.generate_key()); "
    "f.decrypt(f.encrypt(b'x'))",
    "lxml": "from lxml import etree; etree.fromstring('<a/>')",
    "prophet": "import prophet; prophet.Prophet",
}
